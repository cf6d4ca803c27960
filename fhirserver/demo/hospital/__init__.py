"""The hospital itself: premises, staff, equipment and timetable, shared by all its patients."""
