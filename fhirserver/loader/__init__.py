"""Loading files: what lies in folders and archives becomes resources, fast, and never twice.

    pieces     what is handed to a worker process: some documents, or some lines of NDJSON
    sources    paths -> pieces, one file at a time; archives, compression: how they are read
    contents   a document or a line -> what it wants stored
    work       in a worker process: a piece -> its resources in the database, and a result
    schedule   in the parent: which piece is next, and what waits for what
    summary    what was loaded and what was refused, for people and as JSON

A unit that is all or nothing (a transaction Bundle, any other Bundle's entry, a line, a document)
has a SHA-256, which is put on record in the transaction that stores it. A load that was killed is
simply run again.
"""
