"""Hospital metrics: their definitions, and reports as MeasureReports and tables. See README.md."""
