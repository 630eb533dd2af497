"""Flows as pictures: one of each, and one of the whole line, as SVG and as Mermaid.

`picture` says what is shown, `layout` where it stands, `svg` and `mermaid` write it down.
"""

from ivr.flow.diagram.mermaid import to_mermaid
from ivr.flow.diagram.picture import WHOLE, Picture, flow_picture, line_picture
from ivr.flow.diagram.svg import STYLE, to_svg

__all__ = ["STYLE", "WHOLE", "Picture", "flow_picture", "line_picture", "to_mermaid", "to_svg"]
