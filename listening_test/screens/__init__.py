"""The pages of the listening test in Streamlit: widgets only. What they decide is decided in ``session``."""
