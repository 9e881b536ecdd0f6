import os

from model_serving.pipelines.__main__ import QUIET

os.environ["KEDRO_LOGGING_CONFIG"] = str(QUIET)  # read when Kedro is imported, which would turn all tests' logging over
