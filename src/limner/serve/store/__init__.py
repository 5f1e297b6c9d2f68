"""What is kept on the disk: blobs, uploads, the turned volumes of series, and the folders of results."""
