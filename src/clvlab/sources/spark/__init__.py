"""Apache Spark as a source, and where customers are counted and scored; `clvlab[spark]`, which is imported late."""

from clvlab.sources.spark.frames import collected, is_frame, mapped, quoted, write_frame

__all__ = ["collected", "is_frame", "mapped", "quoted", "write_frame"]
