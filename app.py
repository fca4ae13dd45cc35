"""The dashboard, `streamlit run app.py`: settings, navigation and lab picker; no computation."""

from pages.parts.frame import frame_drawn, navigation
from pages.parts.guard import guarded
from pages.parts.labs import choose_lab

page = navigation()
with guarded("list the labs"):
    choose_lab()
frame_drawn()
with guarded(f"show the page {page.title}"):
    page.run()
