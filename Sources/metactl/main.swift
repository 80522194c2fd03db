print("metactl")
