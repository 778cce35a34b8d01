"""The desk: a local web page for officers. It calls the functions that the command line calls and computes nothing."""
