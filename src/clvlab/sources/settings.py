"""What a user says about files, instead of leaving it to be found out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FileSettings:
    """What to take as given instead of detecting it.

    Attributes
    ----------
    encoding : of a text file: utf-8, gb18030, utf-16, latin-1, ...
    separator : of a text file: a comma, a semicolon, a tab, ...
    sheet : of a workbook
    header_row : the row of the file or sheet that has the names of the columns; 1 is the first
    columns : names that the header must have, by which it is found among lines above the table
    """

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    columns: tuple[str, ...] = ()
