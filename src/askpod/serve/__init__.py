"""The archive over HTTP and MCP: a page, an API, an OpenAI-compatible endpoint, tools for agents.

All of it is a face of `Archive`: nothing here decides what is found, said or cited.
"""
