"""Any other vendor: LiveKit Agents' plugins, used as plain classes without LiveKit's server or session."""
