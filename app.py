"""The dashboard, `streamlit run app.py`: settings, navigation and lab picker; no computation."""

from pages.parts.frame import frame_drawn, navigation
from pages.parts.growing import leave_unwatched
from pages.parts.guard import guarded
from pages.parts.jobs import note_running
from pages.parts.labs import choose_lab

page = navigation()
with guarded("list the labs"):
    choose_lab()
frame_drawn()
if page.title != "Lab":
    with guarded("look for a job"):
        note_running()
with guarded(f"show the page {page.title}"):
    page.run()
leave_unwatched()
