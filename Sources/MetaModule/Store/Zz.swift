extension Store { func checkReadable() throws(StoreError) { _ = try setting("x") } }
