"""Pictures and their masks: fetched, unpacked, matched, checked and split into what is trained on and what is not."""
