"""What people and programs ask and command over HTTP, and the live streams that answer as things change."""
