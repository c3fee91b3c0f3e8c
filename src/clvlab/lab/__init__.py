"""What only a notebook can do: explore customers with the mouse, and move a rule's bounds and watch.

Nothing here imports a library of widgets before somebody asks for a widget.
"""
