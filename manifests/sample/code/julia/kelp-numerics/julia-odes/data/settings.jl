{"solver": "adaptive", "tolerance": 1e-6, "note": "JSON under a misleading extension"}
