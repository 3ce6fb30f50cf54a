"""What a user would pick instead of askpod, one file a kit, as its tutorials give it.

All search the same turns as plain text, with the same weights: those of all-MiniLM-L6-v2.
"""
