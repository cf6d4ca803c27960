"""What outside judges run against the server: published suites, cases as data, measurements."""
