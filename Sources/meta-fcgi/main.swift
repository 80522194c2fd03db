print("meta.fcgi")
