"""Pictures of flows, as SVG and as Mermaid: one of each flow, and one of the whole line.

`picture` collects what is shown, `layout` places it, and `svg` and `mermaid` write it down.
"""

from ivr.flow.diagram.mermaid import to_mermaid
from ivr.flow.diagram.picture import WHOLE, Picture, flow_picture, line_picture
from ivr.flow.diagram.svg import STYLE, to_svg

__all__ = ["STYLE", "WHOLE", "Picture", "flow_picture", "line_picture", "to_mermaid", "to_svg"]
