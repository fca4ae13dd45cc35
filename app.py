"""The dashboard, `streamlit run app.py`: settings, navigation and lab picker; no computation."""

from contextlib import suppress

from pages.parts.frame import frame_drawn, navigation
from pages.parts.growing import leave_unwatched
from pages.parts.guard import guarded
from pages.parts.job_note import note_jobs
from pages.parts.labs import choose_lab
from pages.parts.load_ahead import load_ahead
from whalecore.errors import WhalecoreError

page = navigation()
with guarded("list the labs"):
    choose_lab()
frame_drawn()
if page.title != "Lab":
    with guarded("look for a job"):
        note_jobs()
with guarded(f"show the page {page.title}"):
    page.run()
leave_unwatched()
with suppress(WhalecoreError):
    load_ahead()
