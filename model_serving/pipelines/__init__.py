"""The road from pictures to weights, in Kedro's words. A pipeline is a folder here; what it does is elsewhere."""
