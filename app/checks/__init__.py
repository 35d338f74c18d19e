"""What should be in order before real people come: settings, configurations, models, workers."""
