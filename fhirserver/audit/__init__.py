"""Who did what: AuditEvents, and the proof that none was changed or removed."""
