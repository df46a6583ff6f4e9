"""The gateway: the model endpoint that an agent calls anyway, with tools, choice and books behind it."""
