print("graph-simulator")
