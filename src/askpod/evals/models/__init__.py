"""Models side by side: how good their answers are, how soon they come, and for how much.

Every reply is asked for again: what was kept from other runs says nothing about today's seconds.
"""
