"""The first minutes with Concord: a person connects Outlook, and contacts travel both ways."""
