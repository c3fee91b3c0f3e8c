"""The environment variables by which a runner and its notebook, two processes, speak to each other."""

RUN_FOLDER = "CLVLAB_RUN_FOLDER"
"""The environment variable by which a runner says to its notebook where to leave files."""

LOG_FOLDER = "CLVLAB_LOG_FOLDER"
"""The environment variable by which a runner tells its notebook where it has laid down the log that it has read."""

PREDECESSOR = "CLVLAB_PREDECESSOR"
"""The environment variable by which a runner tells its notebook where the report of the period before is."""

DUE_LISTS = "CLVLAB_DUE_LISTS"
"""The environment variable by which a runner tells its notebook where the due lists of earlier reports are: JSON."""

PSEUDONYM_KEY = "CLVLAB_PSEUDONYM_KEY"
"""The environment variable that holds the secret of which pseudonyms are made, in place of the output folder's."""
