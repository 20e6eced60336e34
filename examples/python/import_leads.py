"""Makes a campaign out of a CSV file, and says which leads it has; it calls nobody until it is scheduled.

TRUNKLINE_URL=... TRUNKLINE_API_KEY=tl_live_... python import_leads.py leads.csv
"""

import asyncio
import sys
from pathlib import Path

from trunkline.client import AsyncTrunkline, BadRequest


async def main(name: str, csv: str) -> int:
    """Imports the file; the exit code says whether all of it fits."""
    async with AsyncTrunkline() as client:
        assistant = await client.assistants.create(name="Reminder", first_message="Hello {{name}}.")
        made = await client.campaigns.create(name=name, assistant_id=assistant["id"], timezone="Europe/Amsterdam")
        campaign = made["campaign"]
        try:
            added = await client.campaigns.add_leads(campaign["id"], csv=csv)
        except BadRequest as error:
            print(*error.details, sep="\n")
            await client.campaigns.delete(campaign["id"])
            return 1
        print(f"{added['added']} leads in {campaign['name']}, which is a {campaign['status']}")
        async for lead in client.campaigns.leads(campaign["id"]):
            print(lead["phone_number"], lead["name"], lead["variables"])
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]).stem, Path(sys.argv[1]).read_text())))
