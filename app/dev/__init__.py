"""The development stack: a real PostgreSQL and Redis from wheels, and Concord's processes around them."""
