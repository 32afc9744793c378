"""What a system looks at: each modality turns documents into tensors, one position for each character."""
