"""The demo without a person: the same story, each part of it looked at through a public interface."""
