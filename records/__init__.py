"""The foundation of every record: keys, refusals, permissions, changes and the trail they leave."""
