"""Patient Satisfaction: read the reports, score what patients said, render the page. Small cells stay suppressed."""
