"""Apache Spark as a source, and where customers are counted and scored; `clvlab[spark]`, which is imported late."""

from clvlab.sources.spark.frames import chosen, collected, is_frame, mapped, without_rows, write_frame

__all__ = ["chosen", "collected", "is_frame", "mapped", "without_rows", "write_frame"]
