"""The process that draws and the one that watches over it. Nothing here may import what is heavy."""
