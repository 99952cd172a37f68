"""`tierscope soak`: a seeded monkey over the live app. `campaign.run` is the whole of it."""
