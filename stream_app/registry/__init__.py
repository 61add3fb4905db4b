"""The model registry as the worker sees it: versions, aliases and their bundles; changes nothing.

Owns every call that reads from MLflow. Registering and promoting are `training`'s.
"""
