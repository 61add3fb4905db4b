"""The part of the product that runs beside the broker; imports neither torch nor `training`."""
