"""What if the sentence were another: small edits of one document, and what becomes of each entity under each of them.

``kinds`` declares what can be done, ``outcomes`` does it and compares. Every edit leaves the document that it is given as it is.
"""
