"""What only a notebook can do: explore customers with the mouse, and move a rule's bounds and watch.

A what-if imports no library of widgets before somebody asks for its widget; Altair brings them to whoever draws.
"""
