"""What is made of documents: structured reports, dose reports, PDFs, key object selections."""
