"""The archive over HTTP and MCP: faces of `Archive`, which decides what is found and cited."""
