"""Apache Spark as a source, and as where models score. What it needs (`clvlab[spark]`) is imported late."""

from clvlab.sources.spark.frames import collected, is_frame, mapped, write_frame

__all__ = ["collected", "is_frame", "mapped", "write_frame"]
