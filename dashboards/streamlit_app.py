"""The Command Center and Patient Satisfaction in Streamlit, for many passive viewers: the same figures, read from the
same files that the one reading process writes. Start it with `pbm360 streamlit`.
"""

from pbm360.streamlit_pages import show

show()
