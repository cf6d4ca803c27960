"""Pictures of every page of the apps, on a desk and on a phone."""
