"""The SMART apps that come with the server: their pages, files and configuration."""
