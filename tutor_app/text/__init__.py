"""Pure text, no Qt: LaTeX and Markdown read, repaired, cleaned, and put into words or MathML."""
